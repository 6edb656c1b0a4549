//! What a person may not choose.

use super::options::{HEAD_BATCH, LossName, MOST_DOCUMENTS, TrainOptions};
use super::trainable::Trainable;
use crate::error::{Error, Result};
use crate::mining::Strategy;

impl TrainOptions {
    /// # Errors
    /// `InputInvalid`, naming the first option that is out of range.
    pub fn validate(&self) -> Result<()> {
        let range = |field: &str, value: f64, least: f64, most: f64| {
            if value >= least && value <= most {
                return Ok(());
            }
            Err(Error::input(field, format!("must be {least} to {most}, got {value}")))
        };
        range("epochs", self.epochs.unwrap_or(1) as f64, 1.0, 1000.0)?;
        range("batchSize", self.batch_size.unwrap_or(2) as f64, 2.0, 1024.0)?;
        range("learningRate", self.rate(), 1e-9, 1.0)?;
        range("warmup", self.warmup, 0.0, 1.0)?;
        range("margin", f64::from(self.margin), 0.0, 2.0)?;
        range("scale", f64::from(self.scale), 0.01, 1000.0)?;
        range("weightDecay", f64::from(self.weight_decay), 0.0, 1.0)?;
        range("numNegatives", self.num_negatives as f64, 0.0, 64.0)?;
        range("relativeMargin", f64::from(self.relative_margin.unwrap_or(0.0)), 0.0, 1.0)?;
        range("accumulate", self.accumulate as f64, 1.0, 1024.0)?;
        range("memoryBudget", self.memory_budget as f64, (1 << 20) as f64, (3_u64 << 30) as f64)?;
        range("maxGradNorm", f64::from(self.max_grad_norm.unwrap_or(1.0)), 1e-9, 1e9)?;
        range("additiveMargin", f64::from(self.additive_margin), 0.0, 1.0)?;
        range("falseNegativeMargin", f64::from(self.false_negative_margin.unwrap_or(0.0)), -2.0, 2.0)?;
        range("anchor", f64::from(self.anchor), 0.0, 1e6)?;
        range("dropout", self.dropout, 0.0, 0.9)?;
        range("runs", self.runs as f64, 1.0, 64.0)?;
        range("devShare", self.dev_share.unwrap_or(0.0), 0.0, 0.5)?;
        range("evaluateEvery", self.evaluate_every.unwrap_or(1) as f64, 1.0, 1e9)?;
        range("patience", self.patience as f64, 1.0, 1e9)?;
        range("checkpointEvery", self.checkpoint_every.unwrap_or(1) as f64, 1.0, 1e9)?;
        range("refreshEvery", self.refresh_every as f64, 1.0, 1e9)?;
        range("bm25Warmup", f64::from(self.bm25_warmup), 0.0, 1.0)?;
        range("maxPositives", self.max_positives as f64, 1.0, 1e9)?;
        self.mining.validate().map_err(|error| match error {
            Error::InputInvalid { field, reason } => Error::input(format!("mining.{field}"), reason),
            other => other,
        })?;
        self.lora.validate()?;
        self.augment.validate()?;
        if self.runs > 1 && self.trainable == Trainable::Lora {
            let reason = "needs trainable \"head\", \"layers:n\" or \"full\": the mean of two products is no product of means";
            return Err(Error::input("runs", reason));
        }
        let step = self.batch_size.unwrap_or(HEAD_BATCH) * (1 + self.num_negatives);
        if step > MOST_DOCUMENTS {
            let reason = format!(
                "with numNegatives {} a step has {step} documents, at most {MOST_DOCUMENTS} fit",
                self.num_negatives
            );
            return Err(Error::input("batchSize", reason));
        }
        if self.negatives == Strategy::Labelled && self.num_negatives == 0 {
            return Err(Error::input("numNegatives", "negatives \"labelled\" needs at least 1"));
        }
        if self.loss != LossName::InfoNce && self.num_negatives == 0 {
            return Err(Error::input("numNegatives", "every loss but \"info-nce\" needs at least 1"));
        }
        if self.loss == LossName::MarginMse && self.mining.teacher.is_none() {
            return Err(Error::input("mining.teacher", "the loss \"margin-mse\" learns from one: name it"));
        }
        Ok(())
    }
}
