const model = new URLSearchParams(location.search).get("model");
const worker = new Worker(new URL("./search.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (document.querySelector("#hit").textContent = data);
worker.onerror = ({ message }) => (document.querySelector("#hit").textContent = message);
worker.postMessage({ model: model && new URL(model, location.href).href, query: "turn the valve" });
