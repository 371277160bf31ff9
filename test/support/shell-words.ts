/** The words of a POSIX command line: bare words, single quotes, backslashes. A `|` stands by itself. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quoted) {
      if (character === "'") quoted = false;
      else word = (word ?? '') + character;
    } else if (character === "'") {
      quoted = true;
      word ??= '';
    } else if (character === '\\') {
      word = (word ?? '') + (line[++at] ?? '');
    } else if (character === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '|') {
      if (word !== undefined) words.push(word);
      words.push('|');
      word = undefined;
    } else if (/[$`"&;<>*?(){}[\]#~\n]/.test(character)) {
      throw new Error(`a shell would not take ${character} in ${line} as it is`);
    } else word = (word ?? '') + character;
  }
  if (quoted) throw new Error(`a quote is left open in ${line}`);
  if (word !== undefined) words.push(word);
  return words;
}
