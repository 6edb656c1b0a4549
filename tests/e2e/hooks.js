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

  /** Replies that wait, once the reply with step `holdAt` has come; null while nothing is held. */
  let held = null;
  let holdAt = Infinity;
  const post = globalThis.postMessage.bind(globalThis);
  globalThis.postMessage = (...args) => {
    if (args[0]?.result?.type === "step" && args[0].result.step >= holdAt) held ??= [];
    if (held) held.push(args);
    else post(...args);
  };

  const commands = {
    /** Holds back everything from training step `step` on: training waits there, as it is pulled reply by reply. */
    hold: ({ step }) => void (holdAt = step),
    release: () => {
      const waiting = held ?? [];
      holdAt = Infinity;
      held = null;
      for (const args of waiting) post(...args);
    },
    /** What a driver crash or a GPU taken by another program looks like from here. */
    lose: () => {
      for (const device of devices) device.destroy();
    },
  };
  const channel = new BroadcastChannel("hooks");
  channel.onmessage = ({ data }) => {
    if (!Object.hasOwn(commands, data.command)) return;
    commands[data.command](data);
    channel.postMessage({ done: data.command });
  };
}
