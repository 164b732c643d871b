/** Of what seek-bzip exports, what is used here: it has no types of its own. */
declare module "seek-bzip" {
  const Bunzip: {
    /** `multistream`: several files one behind the other are one. Throws for what is cut off or damaged. */
    decode(input: Buffer, output: { writeByte(byte: number): void }, multistream: boolean): void;
  };
  export default Bunzip;
}
