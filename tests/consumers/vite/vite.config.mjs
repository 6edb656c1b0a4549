export default {
  optimizeDeps: { exclude: ["nearmiss"] },
  worker: { format: "es" },
};
