interface Answer {
  content?: Record<string, { schema?: { contentMediaType?: string } }>;
}

const NO_CONTENT = "204";

/** Answers as they are described: each by status, of each method of each path. */
type Described = Record<string, Record<string, { responses?: Record<string, Answer> } | undefined> | undefined>;

/** Tells answers by the media type that their schema names (`contentMediaType`), where it is another than JSON or plain text. */
export function nameMediaTypes(paths: Described): void {
  for (const methods of Object.values(paths))
    for (const method of Object.values(methods ?? {}))
      for (const [status, answer] of Object.entries(method?.responses ?? {})) {
        const bodies = Object.entries(answer.content ?? {});
        if (status === NO_CONTENT) delete answer.content;
        else
          answer.content = Object.fromEntries(
            bodies.map(([type, body]) => [body.schema?.contentMediaType ?? type, body]),
          );
      }
}
