/**
 * What is wrong with a text that is no JSON, in the words of Go's encoding/json: they are part of the API server's answers.
 *
 * Source: https://github.com/golang/go/blob/master/src/encoding/json/scanner.go
 */
const endOfInput = 'unexpected end of JSON input';
const literals = ['true', 'false', 'null'];

/** Thrown where the text stops being JSON. */
class Defect extends Error {}

/** @param text one that JSON.parse refuses */
export function jsonDefect(text: string): string {
  const reader = new Reader(text);
  try {
    reader.value();
    reader.end();
  } catch (error) {
    if (error instanceof Defect) return error.message;
    // The stack is used up. Go counts to 10,000.
    if (error instanceof RangeError) return 'exceeded max depth';
    throw error;
  }
  return endOfInput;
}

const quoted: Readonly<Record<string, string>> = {
  "'": String.raw`\'`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

/** As strconv.Quote writes it. */
function printed(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return String.raw`\x${code.toString(16).padStart(2, '0')}`;
  const isHidden = (code >= 0x80 && code <= 0xa0) || code === 0xad;
  return isHidden ? String.raw`\u${code.toString(16).padStart(4, '0')}` : character;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    // Byte by byte, and with the blank at the end that Go's scanner takes before it says that the text is over.
    this.#text = `${Buffer.from(text).toString('latin1')} `;
  }

  value(): void {
    const character = this.#next();
    const literal = literals.find((one) => one.startsWith(character));
    if (character === '{') this.#list('}', 'after object key:value pair', () => this.#member());
    else if (character === '[') this.#list(']', 'after array element', () => this.value());
    else if (character === '"') this.#string();
    else if (literal !== undefined) this.#literal(literal);
    else if (/[-\d]/.test(character)) this.#number();
    else this.#refuse('looking for beginning of value');
  }

  end(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) this.#refuse('after top-level value');
  }

  /** From the opening bracket to the closing one. */
  #list(close: string, place: string, item: () => void): void {
    this.#at += 1;
    if (this.#next() === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      item();
      const character = this.#next();
      if (character !== ',' && character !== close) this.#refuse(place);
      this.#at += 1;
      if (character === close) return;
    }
  }

  #member(): void {
    if (this.#next() !== '"') this.#refuse('looking for beginning of object key string');
    this.#string();
    if (this.#next() !== ':') this.#refuse('after object key');
    this.#at += 1;
    this.value();
  }

  #string(): void {
    this.#at += 1;
    for (;;) {
      const character = this.#here();
      if (character < ' ') this.#refuse('in string literal');
      if (character === '\\') this.#escape();
      this.#at += 1;
      if (character === '"') return;
    }
  }

  /** From the backslash to the last character of the escape. */
  #escape(): void {
    this.#at += 1;
    const code = this.#here();
    if (!'bfnrtu\\/"'.includes(code)) this.#refuse('in string escape code');
    if (code !== 'u') return;
    for (let digit = 0; digit < 4; digit += 1) {
      this.#at += 1;
      if (!/[\da-fA-F]/.test(this.#here())) this.#refuse(String.raw`in \u hexadecimal character escape`);
    }
  }

  #literal(literal: string): void {
    for (const expected of literal) {
      if (this.#here() !== expected) this.#refuse(`in literal ${literal} (expecting '${expected}')`);
      this.#at += 1;
    }
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at += 1;
    if (this.#text[this.#at] === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (!/[eE]/.test(this.#text[this.#at] ?? '')) return;
    this.#at += 1;
    if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    this.#digits('in exponent of numeric literal');
  }

  #digits(place: string): void {
    if (!/\d/.test(this.#here())) this.#refuse(place);
    while (/\d/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #next(): string {
    this.#skipBlanks();
    return this.#here();
  }

  #skipBlanks(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #here(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new Defect(endOfInput);
    return character;
  }

  #refuse(place: string): never {
    const character = this.#here();
    const shown = quoted[character] ?? printed(character);
    throw new Defect(`invalid character '${shown}' ${place}`);
  }
}
