// SPDX-License-Identifier: Apache-2.0

extension Report {
  /// The page's style sheet: one column for reading, tables that scroll by themselves, and
  /// figures that fill the column.
  static let style = """
    :root { color-scheme: light; }
    * { box-sizing: border-box; }
    body { margin: 0; background: #f4f5f7; color: #1d2733;
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
    main { max-width: 920px; margin: 0 auto; padding: 32px 40px 64px; background: #fff;
      box-shadow: 0 0 0 1px #e3e6ea; min-height: 100vh; }
    header { border-bottom: 3px solid #0072b2; margin-bottom: 8px; }
    h1 { font-size: 30px; line-height: 1.2; margin: 0 0 12px; letter-spacing: -0.01em; }
    h2 { font-size: 21px; margin: 40px 0 8px; }
    p { margin: 8px 0 12px; }
    .lead { font-size: 18px; }
    .meta { color: #5b6775; font-size: 14px; }
    .problem { background: #fdeee6; border-left: 4px solid #d55e00; padding: 8px 12px; }
    .table { overflow-x: auto; margin: 12px 0 16px; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 15px; }
    th, td { padding: 5px 12px; text-align: left; border-bottom: 1px solid #e3e6ea; }
    th { border-bottom: 2px solid #1d2733; vertical-align: bottom; font-weight: 600; }
    td.number, th.number { text-align: right; white-space: nowrap; }
    td:first-child, th:first-child { padding-left: 2px; }
    tbody tr:hover { background: #f4f8fb; }
    figure { margin: 20px 0 28px; }
    figure svg { display: block; width: 100%; height: auto; max-width: 820px; margin: 0 auto; }
    figcaption { color: #45515e; font-size: 14px; max-width: 760px; margin: 6px auto 0; }
    details { margin: 14px 0; border: 1px solid #e3e6ea; border-radius: 6px; padding: 0 14px; }
    summary { cursor: pointer; padding: 9px 0; font-weight: 600; }
    pre { background: #f4f5f7; padding: 12px 14px; border-radius: 6px; overflow-x: auto;
      font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    code { background: #f0f2f5; padding: 1px 6px; border-radius: 4px; font-weight: 400;
      font-size: 13px; font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    dt { font-weight: 600; margin-top: 10px; }
    dd { margin: 2px 0 0; color: #45515e; }
    @media (max-width: 640px) { main { padding: 20px 16px 40px; } h1 { font-size: 25px; } }
    @media print { body { background: #fff; } main { box-shadow: none; max-width: none; padding: 0; }
      figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }
    """
}
