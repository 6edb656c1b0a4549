/** Files made by hand, as small as their formats allow. */
import { File } from "node:buffer";
import { strToU8, zipSync } from "fflate";

export const utf8 = (text) => new TextEncoder().encode(text);

/** UTF-16 with the byte order that is asked for, with a mark in front or without. */
export function utf16(text, { big = false, mark = true } = {}) {
  const units = [...(mark ? "\ufeff" : ""), ...text].join("");
  const view = new DataView(new ArrayBuffer(units.length * 2));
  for (let at = 0; at < units.length; at += 1) view.setUint16(at * 2, units.charCodeAt(at), !big);
  return new Uint8Array(view.buffer);
}

/** In an encoding of one byte a character, by asking its decoder for each of them. */
export function encoded(text, label) {
  const decoder = new TextDecoder(label);
  const byte = new Map(Array.from({ length: 256 }, (_, value) => [decoder.decode(new Uint8Array([value])), value]));
  return new Uint8Array([...text].map((character) => byte.get(character)));
}

/**
 * ISO 32000-1, 7.5: header, objects, cross-reference table, trailer. Each page is a list of lines; an empty one is a gap.
 *
 * @param {string[][]} pages
 * @param {{ title?: string, encrypted?: boolean }} options `encrypted`: with a dictionary that asks for a password nobody has
 */
export function pdf(pages, { title, encrypted = false } = {}) {
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ...pages.flatMap((lines, at) => {
      const shown = lines.map((line) => (line === "" ? "T*" : `(${line.replace(/[()\\]/g, "\\$&")}) Tj T*`)).join(" ");
      const content = lines.length === 0 ? "" : `BT /F1 12 Tf 14 TL 72 720 Td ${shown} ET`;
      const resources = "/Resources << /Font << /F1 3 0 R >> >>";
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * at} 0 R ${resources} >>`,
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
  ];
  return assembled(objects, { title, encrypted });
}

/** One line in a font that is not embedded, in an encoding that is only named: 90ms-RKSJ-H, which is Shift_JIS. @param {string} hex */
export function japanesePdf(hex) {
  const content = `BT /F1 12 Tf 72 720 Td <${hex}> Tj ET`;
  const adobe = "<< /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>";
  return assembled([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Count 1 /Kids [6 0 R] >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /90ms-RKSJ-H /DescendantFonts [4 0 R] >>",
    `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo ${adobe} /FontDescriptor 5 0 R /DW 1000 >>`,
    "<< /Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 /FontBBox [0 -141 1000 859] /ItalicAngle 0 /Ascent 859 /Descent -141 /CapHeight 709 /StemV 80 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 7 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ]);
}

function assembled(objects, { title, encrypted = false } = {}) {
  const entries = [];
  if (title !== undefined) entries.push(`/Info ${objects.push(`<< /Title (${title}) >>`)} 0 R`);
  if (encrypted) {
    const key = "00".repeat(32);
    entries.push(`/Encrypt ${objects.push(`<< /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >>`)} 0 R /ID [<00> <00>]`);
  }
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  return utf8(`${text}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R ${entries.join(" ")} >>\nstartxref\n${text.length}\n%%EOF\n`);
}

const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/** ECMA-376: a zip archive of three parts. @param {[text: string, style?: string][]} paragraphs */
export function docx(paragraphs, parts = {}) {
  const body = paragraphs.map(([text, style]) => `<w:p>${style ? `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>` : ""}<w:r><w:t>${text}</w:t></w:r></w:p>`);
  return zipSync({
    "[Content_Types].xml": strToU8(
      `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ),
    "_rels/.rels": strToU8(`<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r" Type="${OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>`),
    "word/document.xml": strToU8(`<w:document xmlns:w="${WORD}"><w:body>${body.join("")}</w:body></w:document>`),
    ...parts,
  });
}

/** A folder as browsers hand it over, from `{ name: text, or bytes, or another folder }`. */
export function folder(name, entries) {
  const children = Object.entries(entries).map(([child, content]) => {
    if (typeof content !== "string" && !(content instanceof Uint8Array)) return folder(child, content);
    return { kind: "file", name: child, getFile: async () => new File([content], child) };
  });
  return { kind: "directory", name, values: async function* () { yield* children; } };
}
