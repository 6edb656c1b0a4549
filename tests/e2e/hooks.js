/* Put in front of the page's worker script by tests that must stop it at one exact step or take its GPU away. */
{
  const devices = [];
  if (globalThis.GPUAdapter) {
    const open = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await open.apply(this, args);
      devices.push(device);
      return device;
    };
  }

  /** Replies that wait, once one has come that `stops` tells of; null while nothing is held. */
  let held = null;
  let stops = () => false;
  let waits = () => {};
  const post = globalThis.postMessage.bind(globalThis);
  globalThis.postMessage = (...args) => {
    if (args[0]?.result && stops(args[0].result)) {
      held ??= [];
      waits();
    }
    if (held) held.push(args);
    else post(...args);
  };

  const commands = {
    /** Holds back everything from this kind of event on, or from training step `step`: work is pulled reply by reply, and waits. */
    hold: ({ type = "step", step = 0 }) => void (stops = (event) => event.type === type && (event.step ?? 0) >= step),
    /** Until something is held back: nothing is under way then, on the GPU neither. */
    held: () => held ?? new Promise((done) => (waits = done)),
    release: () => {
      const waiting = held ?? [];
      stops = () => false;
      held = null;
      for (const args of waiting) post(...args);
    },
    /** What a driver crash or a GPU taken by another program looks like from here. */
    lose: () => {
      for (const device of devices) device.destroy();
    },
  };
  const channel = new BroadcastChannel("hooks");
  channel.onmessage = async ({ data }) => {
    if (!Object.hasOwn(commands, data.command)) return;
    await commands[data.command](data);
    channel.postMessage({ done: data.command });
  };
}
