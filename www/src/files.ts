/** Files that the page gives back. */

/** Hands a file to the browser's download list. Nothing is sent anywhere: the address is a local blob. */
export function save(bytes: Uint8Array, name: string): void {
  saveBlob(new Blob([bytes.slice()], { type: "application/octet-stream" }), name);
}

export function saveBlob(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
