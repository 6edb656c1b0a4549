/** Loaded before everything else on the server: says so when a wasm module of the package's size is compiled there. */
const LARGE = 1_000_000;

for (const name of ["compile", "instantiate", "Module"]) {
  const original = WebAssembly[name];
  const watched = function (bytes, ...rest) {
    if (bytes?.byteLength > LARGE) process.stderr.write("large wasm on the server\n");
    return new.target ? Reflect.construct(original, [bytes, ...rest], new.target) : Reflect.apply(original, this, [bytes, ...rest]);
  };
  watched.prototype = original.prototype;
  WebAssembly[name] = watched;
}
