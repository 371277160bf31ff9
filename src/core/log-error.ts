/**
 * Failures as Lambda and its runtimes log them.
 * https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
 * https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html, .../nodejs-exceptions.html
 */
export interface LoggedError {
  /** `KeyError`, `Runtime.ImportModuleError`, `Sandbox.Timedout`. */
  readonly type: string;
  /** The first lines, without the stack. */
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

const TRACEBACK = '\nTraceback (most recent call last):';

/** `[ERROR] Type: message`: the type is a qualified class name; a blank, not a tab, tells it from a logger's line. */
const PYTHON_ERROR = /^\[ERROR\] ([A-Za-z_][\w.]{0,199})(?:: |$|\n)/;

/** What Node's runtime puts before its JSON: `Invoke Error \t{...}`. */
const NODE_ERROR =
  /^(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection|Init Error)\s{0,3}\t\s{0,3}(?=\{)/;

const TIMEOUT = /^(?:RequestId: \S{1,64} (?:Error: )?)?(Task timed out after \d{1,6}(?:\.\d{1,3})? seconds)/;

/** `RequestId: <id> Error: Runtime exited with error: exit status 1`, then the type on a line of its own. */
const RUNTIME_EXIT = /^RequestId: \S{1,64} (?:Process exited|Error: )/;

const NAMED_ERROR = /^((?:Runtime|Function|Extension|Sandbox)\.[A-Z]\w{0,99})(?:: |$|\n)/;

/** Messages of runtimes that print no type before them. */
const KNOWN_MESSAGES: readonly (readonly [start: string, type: string])[] = [
  ['Unable to import module ', 'Runtime.ImportModuleError'],
  ["Handler '", 'Runtime.HandlerNotFound'],
];

/** What the expressions and texts above begin with: of most lines the first character tells that they are no failure. */
const FIRST_LETTERS = '[EFHIRSTU';

/**
 * The failure that a log line reports, or undefined. `text` is the line without the prefix of a logger (time, request id, level);
 * what a program merely logs as an error is none.
 */
export function errorOf(text: string): LoggedError | undefined {
  if (!FIRST_LETTERS.includes(text.charAt(0))) return undefined;
  const python = PYTHON_ERROR.exec(text);
  if (python?.[1] !== undefined)
    return { type: python[1], message: withoutStack(text.slice(python[0].length)) };
  const node = NODE_ERROR.exec(text);
  if (node) return errorInJson(text.slice(node[0].length));
  const timeout = TIMEOUT.exec(text)?.[1];
  if (timeout !== undefined) return { type: 'Sandbox.Timedout', message: timeout };
  if (RUNTIME_EXIT.test(text)) return runtimeExit(text);
  const named = NAMED_ERROR.exec(text);
  if (named?.[1] !== undefined) return { type: named[1], message: withoutStack(text.slice(named[0].length)) };
  for (const [start, type] of KNOWN_MESSAGES) {
    const known =
      text.startsWith(start) &&
      (type !== 'Runtime.HandlerNotFound' || text.includes("' missing on module '"));
    if (known) return { type, message: withoutStack(text) };
  }
  return undefined;
}

/** `{errorType, errorMessage, ...}`: the form of Node's log lines, of the JSON log format and of an invocation's error payload. */
export function errorInFields(fields: Fields): LoggedError | undefined {
  const { errorType, errorMessage } = fields;
  if (typeof errorType !== 'string' || errorType === '') return undefined;
  return { type: errorType, message: typeof errorMessage === 'string' ? errorMessage : '' };
}

function errorInJson(json: string): LoggedError {
  try {
    const fields: unknown = JSON.parse(json);
    if (typeof fields === 'object' && fields !== null) {
      const error = errorInFields(fields as Fields);
      if (error) return error;
    }
  } catch {
    // Cut off by the size limit of a log event: the line still says that the invocation failed.
  }
  return { type: 'Error', message: withoutStack(json) };
}

function runtimeExit(text: string): LoggedError {
  const [first = '', second = ''] = text.split('\n', 2);
  const message = first.slice(first.indexOf(' ', 'RequestId: '.length) + 1).replace(/^Error: /, '');
  const type = second.trim();
  return { type: /^[A-Z]\w*\.\w+$/.test(type) ? type : 'Runtime.ExitError', message };
}

function withoutStack(text: string): string {
  const at = text.startsWith(TRACEBACK.slice(1)) ? 0 : text.indexOf(TRACEBACK);
  return (at < 0 ? text : text.slice(0, at)).trim();
}
