"use client";

import { useState } from "react";
import { useNearmiss } from "./use-nearmiss.js";

const NOTES = [
  { id: "key", text: "To rotate the signing key, turn it to the last notch." },
  { id: "valve", text: "Turn the valve to the left." },
  { id: "mast", text: "The mast is on the roof of the station." },
];

export function Search({ query: asked }) {
  const [query, setQuery] = useState(asked);
  const [options, setOptions] = useState(() => ({ device: "cpu", model: modelOfAddress() }));
  const { nm, hits, error } = useNearmiss(NOTES, query, options);
  return (
    <>
      <output id="hit">{error ? error.message : hits[0] && `${hits[0].id} on ${nm.device.kind}`}</output>
      <button id="clear" onClick={() => setQuery("")}>Clear</button>
      <button id="default" onClick={() => setOptions({ device: "cpu" })}>Another model</button>
    </>
  );
}

/** On the server there is no address, and nobody asks for the model either. */
function modelOfAddress() {
  return new URLSearchParams(globalThis.location?.search).get("model") ?? undefined;
}
