/** The one call into mammoth, made in a worker or in this thread. */

import type Mammoth from "mammoth";

export async function toHtml({ default: mammoth }: { default: typeof Mammoth }, bytes: Uint8Array): Promise<string> {
  // Browsers and Node name the input differently; each takes no notice of the other's name.
  const input = { arrayBuffer: bytes.slice().buffer, ...(globalThis.Buffer && { buffer: Buffer.from(bytes) }) };
  const convertImage = mammoth.images.imgElement(async () => ({ src: "" }));
  const { value } = await mammoth.convertToHtml(input as { arrayBuffer: ArrayBuffer }, { convertImage });
  return value;
}
