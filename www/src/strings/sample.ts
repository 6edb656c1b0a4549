/** What may be wrong with the files of the sample notes and of the recorded lessons. */
export const sample = {
  unfetched: (name: string, reason: string) => `${name} could not be fetched${reason === "" ? "" : `: ${reason}`}`,
  line: (name: string, line: number) => `${name}, line ${line}, is not an object with _id and text`,
  judgment: (line: string) => `the judgment ${JSON.stringify(line)} cannot be read`,
  recording: (file: string, reason: string) => `the recording ${file} could not be fetched: ${reason}`,
};
