//! shim
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FalsePositives { pub threshold: f32, pub recall: f64, pub rate: f64 }
impl FalsePositives { pub fn new(threshold: f32, p: &[f32], o: &[f32]) -> Self {
 let s = |v: &[f32]| v.iter().filter(|x| **x >= threshold).count() as f64 / v.len().max(1) as f64;
 Self { threshold, recall: s(p), rate: s(o) } } }
pub fn threshold_at(scores: &[f32], recall: f64) -> Option<f32> { let mut s = scores.to_vec(); s.sort_by(|a,b| b.total_cmp(a)); s.get(((s.len() as f64 * recall).ceil() as usize).saturating_sub(1)).copied() }
