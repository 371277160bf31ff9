// Runs inside the child process: the Runtime API client for nodejs handlers, ESM and CommonJS. It writes to the log
// what AWS's own client writes (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client).
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, types } from 'node:util';

// The line says that the process is watched over. Without it the sandbox died while it started this process.
if (fs.readSync(0, Buffer.alloc(1)) === 0) process.exit(0);

const TASK_ROOT = process.env.LAMBDA_TASK_ROOT;
const HANDLER = process.env._HANDLER;
const JSON_LOGS = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const MINIMUM = JSON_LOGS ? LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO') : 0;
const MARK = `\x1e${process.env.SANDBOX_OUTPUT_TOKEN}`;
delete process.env.SANDBOX_OUTPUT_TOKEN;

// --- Output -------------------------------------------------------------------------------------------------------
// Everything goes synchronously to descriptor 1, so that no line is lost at an exit or comes after the end mark.

function writeOut(data) {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      // The pipe is full and not blocking: wait a moment for the reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function writeEvent(text) {
  const bytes = Buffer.from(text);
  writeOut(Buffer.concat([Buffer.from(`${MARK}L${bytes.length}\n`), bytes]));
}

const endOutput = (requestId) => writeOut(`${MARK}E${requestId}\n`);

for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk, encoding, callback) => {
    writeOut(
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
        : chunk,
    );
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
}

// --- Errors -------------------------------------------------------------------------------------------------------

const rootUrl = pathToFileURL(TASK_ROOT).href;
const isError = (value) => types.isNativeError(value) || value instanceof Error;
/** Handlers live in /var/task on AWS, and stack traces say so. */
const inTask = (text) => text.replaceAll(rootUrl, 'file:///var/task').replaceAll(TASK_ROOT, '/var/task');
const stackOf = (error) => (typeof error.stack === 'string' ? inTask(error.stack).split('\n') : []);

function namedError(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  const frames = String((cause ?? error).stack)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line));
  error.stack = [`${name}: ${message}`, ...frames].join('\n');
  return error;
}

/** The body of the Runtime API's error calls, which becomes the result of the invocation. */
function errorPayload(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: inTask(error.message), trace: stackOf(error) };
}

/** The form in the log: with the error's own members. */
function loggedError(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), stack: [] };
  const { name, message, code } = error;
  return { errorType: name, errorMessage: inTask(message), code, ...error, stack: stackOf(error) };
}

function stringify(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify({ errorType: value.errorType, errorMessage: value.errorMessage });
  }
}

// --- Console ------------------------------------------------------------------------------------------------------

let requestId;

function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (values.length === 1) {
    const replacer = (_key, value) =>
      isError(value)
        ? { ...value, errorType: value.name, errorMessage: value.message, stackTrace: stackOf(value) }
        : value;
    try {
      return JSON.stringify({ ...line, message: values[0] }, replacer);
    } catch {
      return JSON.stringify({ ...line, message: format(values[0]) });
    }
  }
  const error = values.find(isError);
  return JSON.stringify({
    ...line,
    message: format(...values),
    ...(error && {
      errorType: error.constructor?.name,
      errorMessage: error.message,
      stackTrace: stackOf(error),
    }),
  });
}

function log(level, values) {
  if (LEVELS.indexOf(level) < MINIMUM) return;
  const text = JSON_LOGS
    ? jsonLine(level, values)
    : `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}`;
  writeEvent(`${text}\n`);
}

const METHODS = {
  log: 'INFO',
  info: 'INFO',
  debug: 'DEBUG',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
  fatal: 'FATAL',
};
for (const [method, level] of Object.entries(METHODS)) console[method] = (...values) => log(level, values);

function logError(title, error) {
  if (JSON_LOGS) {
    const { stack, ...rest } = loggedError(error);
    log('ERROR', [{ ...rest, stackTrace: stack }]);
  } else log('ERROR', [`${title} \t${stringify(loggedError(error))}`]);
}

// --- Runtime API --------------------------------------------------------------------------------------------------

// Over a socket, whose answers all have a length: Node's own client takes longer to load than the rest of this file, and sends no
// request before the answer to the one before.

const [authority, ...prefix] = process.env.AWS_LAMBDA_RUNTIME_API.split('/');
const [host, port] = authority.split(':');
const socket = net.connect({ host, port: Number(port), noDelay: true });
/** Of the requests that are not answered yet, in their order. Only they keep the event loop going. */
const waiting = [];
socket.unref();
socket
  .on('error', () => undefined)
  .on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the sandbox is gone'));
  });

function call(method, route, body = '', headers = {}) {
  const lines = [
    `${method} /${[...prefix, '2018-06-01', 'runtime', route].join('/')} HTTP/1.1`,
    `Host: ${authority}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('the sandbox is gone'));
    waiting.push({ resolve, reject });
    socket.ref().write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}

let chunks = [];
let received = 0;
/** Bytes of the answer that is being received, as far as known. */
let expected = 0;
socket.on('data', (chunk) => {
  chunks.push(chunk);
  received += chunk.length;
  if (received < expected) return;
  let bytes = Buffer.concat(chunks);
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = bytes.latin1Slice(0, Math.max(headEnd, 0)).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => line.split(/: *(.*)/)).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const start = headEnd + 4;
    expected = headEnd < 0 ? 0 : start + Number(headers['content-length']);
    if (headEnd < 0 || bytes.length < expected) break;
    const body = bytes.utf8Slice(start, expected);
    waiting.shift().resolve({ status: Number(statusLine.split(' ')[1]), headers, body });
    bytes = bytes.subarray(expected);
  }
  chunks = [bytes];
  received = bytes.length;
  if (waiting.length === 0) socket.unref();
});

const errorHeaders = (error) => ({
  'Content-Type': 'application/json',
  'Lambda-Runtime-Function-Error-Type': errorPayload(error).errorType.replace(/[^\x21-\x7e]/g, '_'),
});

// --- Handler ------------------------------------------------------------------------------------------------------

function findModule(base) {
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension);
  const found = file.find((name) => fs.existsSync(name) && fs.statSync(name).isFile());
  if (found) return found;
  const message = `Error: Cannot find module '${path.basename(base)}'\nRequire stack:\n- /var/runtime/index.mjs`;
  throw namedError('Runtime.ImportModuleError', message);
}

async function loadHandler() {
  const [, moduleName, exportPath] = /^([^.]*)\.(.*)$/.exec(path.basename(HANDLER)) ?? [];
  if (!moduleName || HANDLER.includes('..')) throw namedError('Runtime.MalformedHandlerName', 'Bad handler');
  const file = findModule(path.resolve(TASK_ROOT, path.dirname(HANDLER), moduleName));
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw namedError('Runtime.UserCodeSyntaxError', String(error), error);
    if (error?.code === 'MODULE_NOT_FOUND')
      throw namedError('Runtime.ImportModuleError', String(error), error);
    throw error;
  }
  const lookUp = (from) => exportPath.split('.').reduce((value, name) => value?.[name], from);
  // The exports of a CommonJS module that Node cannot foresee are only in its default export.
  const handler = lookUp(loaded) ?? lookUp(loaded.default);
  if (handler === undefined) {
    throw namedError('Runtime.HandlerNotFound', `${HANDLER} is undefined or not exported`);
  }
  if (typeof handler !== 'function')
    throw namedError('Runtime.HandlerNotFound', `${HANDLER} is not a function`);
  return handler;
}

function createContext(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext === undefined ? undefined : JSON.parse(clientContext),
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Named so that stack traces read `Runtime.handler`, as on AWS. */
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }

  /** The handler's outcome: of its promise, or of its callback once the event loop is empty. */
  run(event, context) {
    return new Promise((resolve, reject) => {
      const callback = (error, value) => {
        const settle = () => (error === null || error === undefined ? resolve(value) : reject(error));
        if (context.callbackWaitsForEmptyEventLoop) onEmptyLoop = settle;
        else settle();
      };
      Object.assign(context, {
        succeed: (value) => callback(null, value),
        fail: (error) => callback(error ?? new Error('fail')),
        done: callback,
      });
      const returned = this.handler(event, context, callback);
      if (typeof returned?.then === 'function') {
        returned.then(resolve, reject);
        onEmptyLoop = () => reject(namedError('Runtime.NodeJsExit', UNSETTLED));
      } else onEmptyLoop ??= () => resolve(null);
    });
  }
}

const UNSETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

/** What to do when nothing is left to run while an invocation waits; an idle connection does not count. */
let onEmptyLoop;
process.on('beforeExit', () => {
  const settle = onEmptyLoop;
  onEmptyLoop = undefined;
  settle?.();
});

/** An error outside of the handler's own promise ends the invocation and the process. */
async function crash(title, error, code) {
  logError(title, error);
  if (requestId !== undefined) {
    endOutput(requestId);
    await call(
      'POST',
      `invocation/${requestId}/error`,
      stringify(errorPayload(error)),
      errorHeaders(error),
    ).catch(() => undefined);
  } else {
    await call('POST', 'init/error', stringify(errorPayload(error)), errorHeaders(error)).catch(
      () => undefined,
    );
  }
  process.exit(code);
}
process.on('uncaughtException', (error) => void crash('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) => {
  const error = namedError(
    'Runtime.UnhandledPromiseRejection',
    String(reason),
    isError(reason) ? reason : undefined,
  );
  error.reason = reason instanceof Error ? loggedError(reason) : reason;
  void crash('Unhandled Promise Rejection', error, 128);
});

const nextEvent = () => call('GET', 'invocation/next');

/** Resolves with the event after this one. */
async function runOne(runtime, next) {
  requestId = next.headers['lambda-runtime-aws-request-id'];
  process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'] ?? '';
  let action = 'response';
  let body;
  let headers = { 'Content-Type': 'application/json' };
  try {
    const value = await runtime.run(JSON.parse(next.body), createContext(next.headers));
    try {
      body = JSON.stringify(value === undefined ? null : value) ?? 'null';
    } catch {
      throw namedError('Runtime.JSONStringifyError', 'Unable to stringify response body');
    }
  } catch (error) {
    logError('Invoke Error', error);
    action = 'error';
    body = stringify(errorPayload(error));
    headers = errorHeaders(error);
  }
  onEmptyLoop = undefined;
  endOutput(requestId);
  headers['Lambda-Runtime-Invocation-Id'] = next.headers['lambda-runtime-invocation-id'];
  // In one piece: each piece has to wake the sandbox.
  socket.cork();
  const calls = [call('POST', `invocation/${requestId}/${action}`, body, headers), nextEvent()];
  socket.uncork();
  return (await Promise.all(calls))[1];
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await crash('Uncaught Exception', error, 1);
}
const runtime = new Runtime(handler);
// The sandbox is gone when this fails: the process must not outlive it.
const orExit = (event) => event.catch(() => process.exit(0));
for (let next = await orExit(nextEvent()); next.status === 200;) next = await orExit(runOne(runtime, next));
process.exit(0);
