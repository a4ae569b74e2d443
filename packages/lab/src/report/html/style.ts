/** Light and dark by what the reader's system asks for; nothing is loaded from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2024; --dim: #5a6470; --line: #d5dae0; --panel: #f5f7f9;
  --good: #17682f; --good-paper: #dff3e4; --bad: #b3161f; --bad-paper: #fde3e3; --mixed-paper: #fdf0d5;
  --a: #2f5fd0; --b: #0b7a75; --frozen: #8a94a0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e8ecf0; --dim: #a2adb9; --line: #343c45; --panel: #1c2228;
    --good: #7fdc98; --good-paper: #16321f; --bad: #ff9a94; --bad-paper: #431a1c; --mixed-paper: #3a2e12;
    --a: #8fb0ff; --b: #5fd0c8; --frozen: #7d8894;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
p, ul { max-width: 46rem; }
.dim, figcaption { color: var(--dim); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; min-width: 100%; font-size: .875rem; }
th, td { padding: .4rem .65rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--dim); font-weight: 600; vertical-align: bottom; }
.wide td { white-space: normal; vertical-align: top; }
tbody th { font-weight: 600; position: sticky; left: 0; background: var(--paper); }
td small { display: block; color: var(--dim); }
td.bad { background: var(--bad-paper); } td.bad b { color: var(--bad); }
td.good { background: var(--good-paper); } td.good b { color: var(--good); }
td.stuck { background: var(--mixed-paper); }
td.none { color: var(--dim); }
figure { margin: 1rem 0 1.5rem; padding: 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-size: .875rem; margin: .25rem 0 .5rem; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg text.dim { fill: var(--dim); } svg text.bad { fill: var(--bad); font-weight: 600; }
svg text.good { fill: var(--good); font-weight: 600; }
svg .held-A { fill: var(--a); } svg .held-B { fill: var(--b); } svg .asked { stroke: var(--dim); stroke-dasharray: 3 3; }
svg .frozen { fill: var(--frozen); opacity: .75; } svg .both { fill: var(--bad); opacity: .13; }
svg .lane { stroke: var(--line); } svg .good-mark { fill: var(--good); stroke: var(--good); }
svg .bad-mark { fill: var(--bad); stroke: var(--bad); } svg .cross { fill: none; stroke-width: 2.5; }
svg .write { stroke-width: 1.5; fill: none; }
details { font-size: .875rem; } summary { cursor: pointer; color: var(--dim); }
pre { overflow-x: auto; font-size: .8125rem; }
`
