/** The adapter that a page gets, as the browser tells of it. */

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** @returns {Promise<{ name: string, software: boolean } | null>} `name`: vendor, architecture, device and description, those that are told */
export async function adapter() {
  const found = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!found) return null;
  const { vendor, architecture, device, description, isFallbackAdapter } = found.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(", ") || "the browser does not say which";
  return { name, software: isFallbackAdapter === true || SOFTWARE.test(name) };
}
