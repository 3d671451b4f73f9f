// Only because the tests' folder is inside of another project.
export default { turbopack: { root: import.meta.dirname } }
