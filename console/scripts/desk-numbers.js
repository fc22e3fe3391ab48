// Words that were picked from the turns, as the field wants them: digits of a number, yuan of a sum.
const DIGITS = { 零: 0, 〇: 0, 一: 1, 幺: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };
const UNITS = { 十: 10, 百: 100, 千: 1000 };

export function taken(field, words) {
  if (field === "phone") return digits(words);
  if (field === "amount") return yuan(words) ?? words;
  return words.replace(/^[\s，。、；：？！,.;:?!]+|[\s，。、；：？！,.;:?!]+$/g, "");
}

function digits(words) {
  return [...words].map((each) => (/[0-9]/.test(each) ? each : (DIGITS[each] ?? ""))).join("");
}

/** 三十五块五 is 35.5, 一百二 is 120, 两千零三十 is 2030; null where no number is said. */
export function yuan(words) {
  const plain = /[0-9]+(\.[0-9]{1,2})?/.exec(words);
  if (plain) return plain[0];
  const [whole, rest = ""] = words.split(/[块元圆]/);
  const value = number(whole);
  if (value === null) return null;
  const parts = [...rest].filter((each) => each in DIGITS).slice(0, 2);
  return parts.length ? `${value}.${parts.map((each) => DIGITS[each]).join("")}` : String(value);
}

function number(words) {
  let [total, part, digit, unit, said] = [0, 0, 0, 1, false];
  for (const each of words) {
    if (each in DIGITS) {
      [digit, said] = [DIGITS[each], true];
      if (digit === 0) unit = 10; // 零 takes the short way of 一百二 back
    } else if (each in UNITS) {
      part += (digit || 1) * UNITS[each];
      [digit, unit, said] = [0, UNITS[each], true];
    } else if (each === "万") {
      total = (total + part + digit) * 10000;
      [part, digit, unit] = [0, 0, 10000];
    }
  }
  if (!said) return null;
  return total + part + (digit && unit >= 100 ? (digit * unit) / 10 : digit);
}
