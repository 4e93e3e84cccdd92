import { expect, test } from "vitest";
import { conditionOf } from "./condition";

test.each([
  ["country=DE", "country=DE"],
  ["country = DE", "country=DE"],
  ["product.id=", "product.id="],
  ["url=/a?b=c", "url=/a?b=c"],
  ["note= x", "note= x"],
])("%s is a condition", (typed, condition) => expect(conditionOf(typed)).toBe(condition));

test.each(["", "price", "=1", "price>100", "price>=100", "price != 100", "price == 100"])("%s is none", (typed) => expect(conditionOf(typed)).toBeNull());
