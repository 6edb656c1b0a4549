/**
 * What the package exports, read from its declarations (`pkg/dist/*.d.ts`): names, signatures and the comments above them. The parser
 * is rolldown's, which Vite brings along; documentation tools need the JavaScript API of an older TypeScript compiler.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "rolldown/utils";

/**
 * @typedef {{ name: string, kind: string, doc: string | null, code: string, members: Member[], file: string }} Exported
 *   `doc`: the comment without its stars; `code`: the declaration as written, of classes and interfaces only the first line
 * @typedef {{ name: string, doc: string | null, code: string, selfEvident: boolean }} Member
 *   `selfEvident`: its type is one literal, such as the `type` that tells events apart
 * @typedef {{ file: string, exports: Exported[] }} Module
 */

/** @returns {Module[]} in the order in which the entry names them */
export function modulesOf(entry) {
  const modules = new Map();
  for (const { file, names } of reached(entry)) {
    const module = modules.get(file) ?? read(file);
    modules.set(file, module);
    module.exports.push(...module.declared.filter(({ name }) => (names === null || names.includes(name)) && !module.exports.some((other) => other.name === name)));
  }
  return [...modules.values()].map(({ file, exports }) => ({ file, exports })).filter(({ exports }) => exports.length > 0);
}

/** Files whose declarations are exported, with the names, or null for all. */
function reached(file) {
  const { program } = parse(file);
  const found = [{ file, names: null }];
  for (const node of program.body) {
    if (!node.source || !node.type.startsWith("Export")) continue;
    const next = join(dirname(file), node.source.value.replace(/\.js$/, ".d.ts"));
    const behind = reached(next);
    if (node.type === "ExportAllDeclaration") found.push(...behind);
    else found.push(...behind.map((one) => ({ ...one, names: node.specifiers.map(({ local }) => local.name) })));
  }
  return found;
}

function parse(file) {
  const source = readFileSync(file, "utf8");
  const { program, comments, errors } = parseSync(file, source, { lang: "dts" });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  return { source, program, comments };
}

function read(file) {
  const { source, program, comments } = parse(file);
  const doc = (node) => above(node, source, comments);
  const declared = program.body
    .filter(({ type, declaration }) => type === "ExportNamedDeclaration" && declaration)
    .flatMap((node) => declarations(node).map((declaration) => ({ ...describe(declaration, source, doc), doc: doc(node), file })));
  return { file, declared, exports: [] };
}

function declarations({ declaration }) {
  return declaration.type === "VariableDeclaration" ? declaration.declarations : [declaration];
}

const KINDS = {
  ClassDeclaration: "class", TSInterfaceDeclaration: "interface", TSTypeAliasDeclaration: "type", TSDeclareFunction: "function", VariableDeclarator: "constant",
};

function describe(node, source, doc) {
  const kind = KINDS[node.type];
  if (!kind) throw new Error(`${node.type} is not known here`);
  const bodied = kind === "class" || kind === "interface";
  const code = source.slice(node.start, bodied ? node.body.start : node.end).trim();
  return { name: node.id.name, kind, code: code.replace(/^declare /, ""), members: bodied ? node.body.body.flatMap((member) => memberOf(member, source, doc)) : [] };
}

/** None for what is private. */
function memberOf(node, source, doc) {
  if (node.key?.type === "PrivateIdentifier" || node.accessibility === "private") return [];
  const name = node.key ? source.slice(node.key.start, node.key.end) : "[index]";
  const literal = node.typeAnnotation?.typeAnnotation.type === "TSLiteralType";
  return [{ name, doc: doc(node), code: source.slice(node.start, node.end).replace(/;$/, ""), selfEvident: literal || /^\[(?:Symbol|DISPOSE|ASYNC_DISPOSE)/.test(name) }];
}

/** The comment that ends where the node begins. */
function above(node, source, comments) {
  const comment = comments.findLast(({ type, value, end }) => type === "Block" && value.startsWith("*") && end <= node.start && source.slice(end, node.start).trim() === "");
  return comment ? plain(comment.value) : null;
}

function plain(value) {
  return value.slice(1).split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n").trim();
}
