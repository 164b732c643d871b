declare module "*.sql" {
  const text: string;
  export default text;
}

/** With `{ type: "file" }`: the path of the embedded file. */
declare module "*/standalone.js" {
  const path: string;
  export default path;
}
