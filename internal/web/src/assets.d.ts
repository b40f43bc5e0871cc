declare module "*.css";
declare module "*/fflate/esm/browser.js" {
  export * from "fflate";
}
