/** A file that is built into the component. */
declare module "*.wav" {
  const file: Uint8Array;
  export default file;
}
