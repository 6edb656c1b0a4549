/** The reference as one page of HTML: no script, one style sheet beside it, nothing from elsewhere. */

/** @typedef {{ title: string, exports: import("./symbols.mjs").Exported[] }} Section */

/** @param {Section[]} sections @param {string} version of the package @returns {string} */
export function page(sections, version) {
  const names = new Set(sections.flatMap(({ exports }) => exports.map(({ name }) => name)));
  const link = (code) => linked(code, names);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src data:">
<title>nearmiss ${escaped(version)}: reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="reference.css">
</head>
<body>
<nav aria-label="Contents">
<p><strong>nearmiss</strong> ${escaped(version)}</p>
${sections.map(contents).join("\n")}
</nav>
<main>
<h1>Reference</h1>
<p>Everything that <code>import … from "nearmiss"</code> gives, with its types. Every failure is a <a href="#NearmissError"><code>NearmissError</code></a>.</p>
${sections.map((one) => section(one, link)).join("\n")}
</main>
</body>
</html>
`;
}

function contents({ title, exports }) {
  const links = exports.map(({ name }) => `<li><a href="#${name}">${name}</a></li>`).join("");
  return `<p><a href="#${anchor(title)}">${title}</a></p>\n<ul>${links}</ul>`;
}

function section({ title, exports }, link) {
  return `<section id="${anchor(title)}">\n<h2>${title}</h2>\n${exports.map((one) => entry(one, link)).join("\n")}\n</section>`;
}

const anchor = (title) => `about-${title.toLowerCase().replaceAll(" ", "-")}`;

function entry({ name, kind, doc, code, members }, link) {
  const rows = members.map((member) => `<dt id="${escaped(`${name}.${member.name}`)}"><code>${link(oneLine(member.code))}</code></dt>\n<dd>${prose(member.doc ?? "")}</dd>`);
  const list = rows.length > 0 ? `<dl>\n${rows.join("\n")}\n</dl>` : "";
  return `<article id="${name}">\n<h3>${name} <small>${kind}</small></h3>\n${prose(doc ?? "")}\n<pre><code>${link(code)}</code></pre>\n${list}\n</article>`;
}

/** Paragraphs, lists and fenced code of a comment; its tags as a table of words. */
export function prose(doc) {
  const [text, ...tags] = doc.split(/^@/m);
  const blocks = text.trim().split(/(^```[^]*?^```$)/m).flatMap((part) => (part.startsWith("```") ? [fenced(part)] : part.split(/\n{2,}/).map(paragraph)));
  return [...blocks, ...tags.map(tag)].filter(Boolean).join("\n");
}

const fenced = (part) => `<pre><code>${escaped(part.replace(/^```\w*\n/, "").replace(/\n?```$/, ""))}</code></pre>`;

function paragraph(text) {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const [lead, ...items] = trimmed.split(/^- /m);
  const list = items.length > 0 ? `<ul>${items.map((item) => `<li>${inline(item.trim())}</li>`).join("")}</ul>` : "";
  return `${lead.trim() === "" ? "" : `<p>${inline(lead.trim())}</p>`}${list}`;
}

const TAGS = { throws: "Rejects with", returns: "Gives", param: "Parameter" };

function tag(text) {
  const [, name, rest] = text.match(/^(\w+)\s+([^]*)$/) ?? [null, "", text];
  return `<p class="tag"><strong>${TAGS[name] ?? escaped(name)}</strong> ${inline(rest.replace(/^\{\w+\}\s*/, "").trim())}</p>`;
}

function inline(text) {
  return escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/** Members are shown on one line each: what is long was broken by the compiler, not by its author. */
const oneLine = (code) => code.replace(/\s*\n\s*/g, " ");

/** Names of other entries become links, outside comments and strings. */
function linked(code, names) {
  const tokens = code.split(/(\/\*[^]*?\*\/|"[^"]*"|[A-Za-z_]\w*)/);
  return tokens.map((token) => (names.has(token) ? `<a href="#${token}">${token}</a>` : token.startsWith("/*") ? `<i>${escaped(token)}</i>` : escaped(token))).join("");
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
