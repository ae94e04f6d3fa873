/**
 * What browsers have and jsdom hasn't.
 */
import { TextDecoder, TextEncoder } from 'node:util';
import { ReadableStream, TextDecoderStream } from 'node:stream/web';

Object.assign(globalThis, {
  TextDecoder,
  TextEncoder,
  ReadableStream,
  TextDecoderStream
});
