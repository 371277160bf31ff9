/**
 * Text of others (object keys, log lines, tags, error messages) before it reaches a terminal. A terminal obeys what it
 * prints: an object key may hold a sequence that rewrites the screen, the title or the clipboard (ECMA-48 control
 * sequences; OSC 8 links, OSC 52 clipboard), and bidirectional controls make text read as something it is not.
 */

/**
 * Characters without a shape of their own, as the inside of a character class for a `u` expression: bidirectional marks,
 * overrides and isolates, zero-width characters, the byte order mark, annotation and tag characters. The zero-width joiner
 * goes too: losing a composed emoji is cheaper than two names that look the same.
 */
export const INVISIBLE =
  '\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0001}\\u{e0020}-\\u{e007f}';

/** A control sequence: parameters, intermediates, final byte. Bounded, so that a hostile one costs nothing. */
const CSI = '(?:\\u001b\\[|\\u009b)[0-?]{0,128}[ -/]{0,16}[@-~]?';
/** What opens a control string (DCS, SOS, OSC, PM, APC); its end is looked for separately. */
const STRING_OPENER = '\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f]';
const OTHER_ESCAPE = '\\u001b[ -/]{0,16}[0-~]?';

/** In one pass, so that what is taken away cannot bring its neighbours together into something new. */
const SPECIAL = new RegExp(
  [
    `(?<csi>${CSI})`,
    `(?<opener>${STRING_OPENER})`,
    `(?<escape>${OTHER_ESCAPE})`,
    `(?<invisible>[${INVISIBLE}])`,
    '(?<lone>[\\ud800-\\udfff])',
    '(?<control>\\r\\n|[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029])',
  ].join('|'),
  'gu',
);

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const NOT_PLAIN = /[^ -~]/;
const NOT_PLAIN_BLOCK = /[^ -~\n\t]/;

/**
 * One line of remote text. Escape sequences and invisible characters are taken out, other control characters are shown
 * as `\n`, `\t` or `\x07`, and half a surrogate pair becomes U+FFFD. Linear in the text; the result stays as it is when it
 * is sanitised again.
 */
export function sanitize(text: string): string {
  return NOT_PLAIN.test(text) ? clean(text, showControl) : text;
}

/** Text of several lines: like `sanitize`, but newlines and tabs stay and `\r\n` becomes a newline. */
export function sanitizeBlock(text: string): string {
  return NOT_PLAIN_BLOCK.test(text) ? clean(text, keepLayout) : text;
}

function clean(text: string, control: (found: string) => string): string {
  let cleaned = '';
  let at = 0;
  SPECIAL.lastIndex = 0;
  for (let match = SPECIAL.exec(text); match !== null; match = SPECIAL.exec(text)) {
    cleaned += text.slice(at, match.index);
    at = SPECIAL.lastIndex;
    if (match.groups?.['opener'] !== undefined) {
      at = endOfControlString(text, at);
      SPECIAL.lastIndex = at;
    } else if (match.groups?.['lone'] !== undefined) {
      cleaned += '\ufffd';
    } else if (match.groups?.['control'] !== undefined) {
      cleaned += control(match[0]);
    }
  }
  return cleaned + text.slice(at);
}

/**
 * Where the control string ends whose content starts at `from`. One that is never terminated loses only its opener:
 * otherwise half an escape sequence would hide the rest of a message. The search stops at the next control character,
 * so that each character is looked at once however many openers there are.
 */
function endOfControlString(text: string, from: number): number {
  CONTROL.lastIndex = from;
  const stop = CONTROL.exec(text);
  if (stop === null) return from;
  if (stop[0] === '\u0007' || stop[0] === '\u009c') return stop.index + 1;
  if (stop[0] === '\u001b' && text[stop.index + 1] === '\\') return stop.index + 2;
  return from;
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\r\n': '\\r\\n' };

function showControl(found: string): string {
  const named = NAMED[found];
  if (named !== undefined) return named;
  const hex = found.charCodeAt(0).toString(16);
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

function keepLayout(found: string): string {
  if (found === '\n' || found === '\t') return found;
  return found === '\r\n' ? '\n' : showControl(found);
}
