//! Can this device train? Asked before the first run, as encoding does not show it.

use super::trainable::Trainable;
use crate::error::Result;
use burn::tensor::Device;

/// Does a device answer what an update, and what gradients of layers, must be? A head needs the first alone. Once right it is not
/// asked again.
///
/// # Errors
/// `WebGpuUnavailable` naming the wrong answer; `DeviceLost` and `OutOfMemory`, as they are found.
#[cfg(feature = "webgpu")]
pub async fn try_device(device: &Device, trainable: Trainable) -> Result<()> {
    use crate::encoder::check_gradients;
    use crate::error::Error;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static UPDATES: AtomicBool = AtomicBool::new(false);
    static LAYERS: AtomicBool = AtomicBool::new(false);
    let failed = |error: Error| match error {
        Error::Internal { reason } => {
            Error::WebGpuUnavailable { reason: format!("its self-test of training failed: {reason}") }
        }
        other => other,
    };
    if !UPDATES.load(Relaxed) {
        super::fused::check(device).await.map_err(failed)?;
        UPDATES.store(true, Relaxed);
    }
    if trainable != Trainable::Head && !LAYERS.load(Relaxed) {
        check_gradients(device).await.map_err(failed)?;
        LAYERS.store(true, Relaxed);
    }
    Ok(())
}

/// The CPU's twin: its formulas are tested where they are built.
///
/// # Errors
/// None.
#[cfg(not(feature = "webgpu"))]
pub async fn try_device(_: &Device, _: Trainable) -> Result<()> {
    Ok(())
}
