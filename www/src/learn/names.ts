/** Which recording shows a choice. */
import type { Choice } from "./record.ts";

/** Of its file, without the ending; trouble brings its own negatives and margin. */
export function nameOf({ negatives, margin, trouble }: Choice): string {
  return trouble === "none" ? `${negatives}-${margin}` : trouble;
}
