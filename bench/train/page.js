/** One page, a step of each engine by turns. */
export async function measure({ nearmiss, tensorflow, steps }) {
  const made = [await (await import("/app/page.js")).trainer(nearmiss), await (await import("/bench/tensorflow.js")).trainer(tensorflow)];
  const results = made.map(() => ({ times: [], losses: [] }));
  for (let step = 0; step < steps; step++) {
    let rate;
    for (const [at, engine] of made.entries()) {
      const begun = performance.now();
      const took = await engine.step(rate);
      results[at].times.push(performance.now() - begun);
      results[at].losses.push(took.loss);
      rate = took.rate;
    }
  }
  return results;
}
