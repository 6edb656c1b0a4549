/** Its own script, so that reading a PDF file does not hold up the page. */

// @ts-ignore It has no types, and is run for what it does.
import "pdfjs-dist/legacy/build/pdf.worker.min.mjs";
