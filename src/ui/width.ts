/**
 * How many terminal cells text takes. Good for tables and cutting, not for typography: no grapheme clusters, because
 * `Intl.Segmenter` costs start-up time and terminals disagree about clusters anyway. Text goes in without escape sequences.
 */

const ASCII_ONLY = /^[ -~]*$/;
/**
 * Combining marks and format characters (UAX #44 general categories): drawn onto their neighbour. Made with the first text that
 * is not ASCII: the tables behind it take a hundredth of a start.
 */
let zeroWidth: RegExp | undefined;
/** Half a flag each. */
const REGIONAL_INDICATOR = /[\u{1f1e6}-\u{1f1ff}]/u;
const EMOJI = /\p{Emoji_Presentation}/u;

/** East Asian Wide and Fullwidth (UAX #11), blocks only: first and last code point. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
];

/** In terminal cells. */
export function displayWidth(text: string): number {
  if (ASCII_ONLY.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += characterWidth(character);
  return cells;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return 1;
  zeroWidth ??= /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
  if (zeroWidth.test(character)) return 0;
  if (REGIONAL_INDICATOR.test(character)) return 1;
  if (code < 0x1100) return 1;
  return EMOJI.test(character) || WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Text of at most `cells` cells; what had to be left out is marked by `ellipsis`, as far as that fits. */
export function cut(text: string, cells: number, ellipsis: string): string {
  if (displayWidth(text) <= cells) return text;
  const mark = displayWidth(ellipsis) <= cells ? ellipsis : '';
  const room = cells - displayWidth(mark);
  let kept = '';
  let used = 0;
  for (const character of text) {
    const width = characterWidth(character);
    if (used + width > room) break;
    kept += character;
    used += width;
  }
  return kept + mark;
}

/**
 * Lines of at most `cells` cells, broken at spaces. A longer word stays whole (the terminal folds it), so that an ARN or a
 * command can still be copied in one piece. A line that fits keeps its spaces.
 */
export function wrap(text: string, cells: number): string[] {
  if (displayWidth(text) <= cells) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > cells) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines;
}
