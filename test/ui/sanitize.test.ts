import { describe, expect, it } from 'vitest';
import { sanitize, sanitizeBlock } from '../../src/ui/sanitize.ts';
import { seededRandom } from './fake-terminal.ts';

describe('sanitize', () => {
  it.each([
    ['plain text', 'photos/2026/cat (1).jpg', 'photos/2026/cat (1).jpg'],
    ['other scripts', 'фото/猫.jpg', 'фото/猫.jpg'],
    ['colour', 'a\u001b[1;31mred\u001b[0mb', 'aredb'],
    ['8-bit CSI', 'a\u009b31mb', 'ab'],
    ['private CSI with intermediates', 'a\u001b[?25l\u001b[!pb', 'ab'],
    ['title by BEL', 'a\u001b]0;owned\u0007b', 'ab'],
    ['hyperlink by ST', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['8-bit OSC and ST', 'a\u009d52;c;AAAA\u009cb', 'ab'],
    ['DCS', 'a\u001bPq#0\u001b\\b', 'ab'],
    ['reset and character set', 'a\u001bcb\u001b(Bd', 'abd'],
    ['an unterminated OSC hides nothing', 'a\u001b]0;the rest', 'a0;the rest'],
    ['an OSC broken by a newline', 'a\u001b]0;x\ny\u0007', 'a0;x\\ny\\x07'],
    ['a lone escape', 'a\u001b', 'a'],
    ['newline, return, tab', 'a\nb\r\nc\td\re', 'a\\nb\\r\\nc\\td\\re'],
    ['other controls', 'a\u0000\u0008\u007f\u0085b', 'a\\x00\\x08\\x7f\\x85b'],
    ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['bidi override', 'exe\u202egpj.txt\u2066x\u2069', 'exegpj.txtx'],
    ['zero width and BOM', '\ufeffa\u200bb\u200dc\u2060', 'abc'],
    ['tag characters', 'a\u{e0041}b', 'ab'],
    ['half surrogates', 'a\ud83db\udc00', 'a\ufffdb\ufffd'],
    ['a pair that stripping would make', '\ud83d\u200b\ude00', '\ufffd\ufffd'],
    ['an emoji', 'a\u{1f600}b', 'a\u{1f600}b'],
    ['a sequence that stripping would make', '\u001b\u200b[31mx', '[31mx'],
  ])('%s', (_name, text, expected) => {
    expect(sanitize(text)).toBe(expected);
    expect(sanitize(expected)).toBe(expected);
  });

  it('keeps the lines and tabs of a block', () => {
    expect(sanitizeBlock('a\tb\r\nc\u001b[2Jd\re\u0007\n')).toBe('a\tb\ncd\\re\\x07\n');
  });

  it('never lets a terminal be steered, whatever comes', () => {
    const random = seededRandom(7);
    const pieces = ['\u001b', '[', ']', '\u009b', '\u009d', '\\', '\u0007', '\u009c', ';', '3', 'm', 'P'];
    for (let round = 0; round < 5000; round += 1) {
      let text = '';
      for (let length = 0; length < 24; length += 1) {
        const pick = random();
        if (pick < 0.5) text += pieces[Math.floor(random() * pieces.length)] ?? '';
        else if (pick < 0.8) text += String.fromCharCode(Math.floor(random() * 0x100));
        else if (pick < 0.9) text += String.fromCharCode(0x2000 + Math.floor(random() * 0x80));
        else text += String.fromCharCode(Math.floor(random() * 0x10000));
      }
      const unsafe = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
      for (const [clean, controls] of [
        [sanitize(text), /[\u0000-\u001f]/],
        [sanitizeBlock(text), /[\u0000-\u0008\u000b-\u001f]/],
      ] as const) {
        if (unsafe.test(clean) || controls.test(clean) || /[\ud800-\udfff]/u.test(clean)) {
          expect.fail(`${JSON.stringify(text)} -> ${JSON.stringify(clean)}`);
        }
      }
    }
  });

  it.each([
    ['openers', '\u001b]'],
    ['parameters', '\u001b[', '0'],
    ['an unterminated string', '\u001b]', 'x'],
    ['an unterminated string of wide text', '\u009d', '猫'],
    ['C1', '\u0090'],
    ['spaces', '\u001b', ' '],
  ])('takes a million of %s', (_name, head, tail = head) => {
    // Quadratic or backtracking work on this would run into the timeout or the limit of the expression engine.
    expect(sanitize(head + tail.repeat(1_000_000))).not.toContain('\u001b');
  });
});
