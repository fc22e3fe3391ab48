// The clerks' desk: the work list by keys, and one draft or text with its form, evidence and turns.
import { asks } from "./desk-ask.js";
import { workList } from "./desk-list.js";
import { backToList } from "./desk-place.js";
import { Sheet } from "./desk-sheet.js";

asks();
if (document.getElementById("work")) workList();
else backToList();
const form = document.querySelector("form[data-sheet]");
if (form) new Sheet(form).begin();
