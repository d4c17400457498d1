// Preloaded into every thread: WebAssembly comes late, as on a busy machine.
for (const name of ["instantiate", "compile"]) {
  const real = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return real.apply(WebAssembly, args);
  };
}
