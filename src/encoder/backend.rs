//! Opens the device. Besides `fused`, whose kernels are for one, the only file that names a burn backend.
//!
//! `cpu` is burn-flex, in the same thread. `webgpu` is burn-wgpu in a browser, whose failures do not come back from the
//! call that caused them: shader and validation errors go to a handler, and results computed after one are plausible
//! rubbish. So both handlers leave a note here, and every read-back looks at it before it believes its numbers.

use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor, Transaction};
use std::sync::Mutex;

/// What went wrong on the device since it was opened, if anything.
static FAULT: Mutex<Option<Error>> = Mutex::new(None);

/// Reports the first fault of the device.
///
/// # Errors
/// `DeviceLost` or `OutOfMemory` as left by the GPU's handlers. Never on the CPU.
pub fn check() -> Result<()> {
    match FAULT.lock() {
        Ok(fault) => fault.clone().map_or(Ok(()), Err),
        Err(_) => Err(Error::Internal { reason: "a panic while a fault was being recorded".into() }),
    }
}

#[cfg_attr(not(feature = "webgpu"), allow(dead_code))]
fn note(error: Error) {
    if let Ok(mut fault) = FAULT.lock() {
        // The first is the cause, the rest its consequences.
        fault.get_or_insert(error);
    }
}

/// Name of the build's device kind: `"webgpu"` or `"cpu"`.
pub const KIND: &str = if cfg!(feature = "webgpu") { "webgpu" } else { "cpu" };

/// On a GPU, each new shape compiles shaders and takes buffers of its own: inputs are padded to a few lengths there.
pub const FEW_SHAPES: bool = cfg!(feature = "webgpu");

/// Opens the device and proves that it computes.
///
/// Returns the device and its name. Later calls give the first one again.
///
/// # Errors
/// `WebGpuUnavailable` when there is no adapter, or its answers to a known question are wrong.
#[cfg(feature = "webgpu")]
pub async fn open() -> Result<(Device, String)> {
    use burn::tensor::wgpu::WgpuBackend;
    static OPENED: Mutex<Option<(Device, String)>> = Mutex::new(None);
    let locked = || Error::Internal { reason: "the device's lock is poisoned".into() };
    if let Some((device, name)) = OPENED.lock().map_err(|_| locked())?.clone() {
        check()?;
        return Ok((device, name));
    }
    let unavailable = |reason: String| Error::WebGpuUnavailable { reason };
    let (device, setup) = Device::wgpu_options()
        .graphics_api(WgpuBackend::WebGpu)
        .tasks_max(64)
        .init_with_setup_async()
        .await
        .map_err(|e| unavailable(e.to_string()))?;
    setup.device.on_uncaptured_error(std::sync::Arc::new(|e| {
        use burn::tensor::wgpu::wgpu::Error as Gpu;
        note(match e {
            Gpu::OutOfMemory { .. } => Error::OutOfMemory { reason: e.to_string() },
            other => Error::DeviceLost { reason: other.to_string() },
        });
    }));
    setup.device.set_device_lost_callback(|reason, message| {
        note(Error::DeviceLost { reason: format!("{message} ({reason:?})") });
    });
    let info = setup.adapter.get_info();
    let name = [info.name, info.driver].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ");
    let name = if name.is_empty() { "WebGPU adapter".to_owned() } else { name };
    let failed = |e: Error| unavailable(format!("its self-test failed: {e}"));
    self_test(&device).await.map_err(failed)?;
    super::fused::check(&device).await.map_err(failed)?;
    *OPENED.lock().map_err(|_| locked())? = Some((device.clone(), name.clone()));
    Ok((device, name))
}

/// Opens the CPU. Cannot fail; asynchronous to be the GPU's twin.
#[cfg(not(feature = "webgpu"))]
pub async fn open() -> Result<(Device, String)> {
    let device = Device::flex();
    self_test(&device).await?;
    Ok((device, "CPU (burn-flex)".to_owned()))
}

/// A matrix product at an encoder's width and a softmax over it, against plain loops.
///
/// Wrong answers without an error are the failure to fear on WebGPU: drivers and shader compilers differ, and a kernel
/// that fails validation is dropped from its submission while the buffers keep what they held before.
async fn self_test(device: &Device) -> Result<()> {
    let (rows, inner, columns) = (9, 384, 17);
    let value = |i: usize| ((i * 37 % 101) as f32 - 50.0) / 101.0;
    let a: Vec<f32> = (0..rows * inner).map(value).collect();
    let b: Vec<f32> = (0..inner * columns).map(|i| value(i * 3 + 1)).collect();
    let tensor = |v: &[f32], shape: [usize; 2]| {
        Tensor::<2>::from_data(burn::tensor::TensorData::new(v.to_vec(), shape), device)
    };
    let product = tensor(&a, [rows, inner]).matmul(tensor(&b, [inner, columns]));
    let soft = burn::tensor::activation::softmax(product.clone(), 1);
    let [product, soft] = read([product, soft]).await?;
    let naive =
        |r: usize, c: usize| -> f32 { (0..inner).map(|k| a[r * inner + k] * b[k * columns + c]).sum() };
    for r in 0..rows {
        let expected: Vec<f32> = (0..columns).map(|c| naive(r, c)).collect();
        let most = expected.iter().copied().fold(f32::MIN, f32::max);
        let total: f32 = expected.iter().map(|v| (v - most).exp()).sum();
        for (c, &e) in expected.iter().enumerate() {
            let (p, s) = (product[r * columns + c], soft[r * columns + c]);
            let right = (p - e).abs() < 1e-3 && (s - (e - most).exp() / total).abs() < 1e-3;
            if !right {
                let reason = format!("row {r}, column {c}: expected {e}, got {p}");
                return Err(Error::Internal { reason });
            }
        }
    }
    Ok(())
}

/// Reads several tensors back in one transfer, as plain numbers.
///
/// The one way out of tensors: asynchronous, because a blocking read panics in a browser.
///
/// # Errors
/// `DeviceLost` when the device failed at any time before, or the transfer did.
pub async fn read<const N: usize, const D: usize>(tensors: [Tensor<D>; N]) -> Result<[Vec<f32>; N]> {
    let transaction = tensors.into_iter().fold(Transaction::default(), Transaction::register);
    let all = read_all(transaction).await?;
    all.try_into().map_err(|_| Error::Internal { reason: "a read-back of another size".into() })
}

/// As [`read`], for any number of tensors of any rank.
pub(super) async fn read_all(transaction: Transaction) -> Result<Vec<Vec<f32>>> {
    check()?;
    let data = transaction
        .execute_async()
        .await
        .map_err(|e| check().err().unwrap_or_else(|| Error::DeviceLost { reason: e.to_string() }))?;
    check()?;
    data.into_iter()
        .map(|d| d.try_into_vec::<f32>().map_err(|e| Error::Internal { reason: format!("{e:?}") }))
        .collect()
}
