/** The few pieces that plots are made of. */

export const WIDTH = 720;
/** Readable on white and on black. */
export const INK = '#7d8590';
const PALETTE = ['#8b949e', '#d29922', '#2f81f7', '#3fb950', '#a371f7', '#db61a2'];
/** Targets that are in many plots have one colour in all. */
const OWN: Readonly<Record<string, string>> = {
  direct: '#8b949e',
  HAProxy: '#d29922',
  afrouter: '#2f81f7',
  nginx: '#3fb950',
  'grpc-js': '#a371f7',
};

export function colour(target: string, place: number): string {
  return OWN[target] ?? PALETTE[place % PALETTE.length]!;
}

export function svg(height: number, title: string, parts: readonly string[]): string {
  const font = 'font-family="system-ui, sans-serif" font-size="13"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ${font}>`,
    `<title>${escapeXml(title)}</title>`,
    text(10, 20, title, 'start', 'font-weight="600"'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${INK}" ${more}>${escapeXml(content)}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2" fill="${fill}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke = INK, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" ${more}/>`;
}

export function polyline(points: readonly (readonly [number, number])[], stroke: string): string {
  const list = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${list}" fill="none" stroke="${stroke}" stroke-width="2"/>`;
}

export function circle(x: number, y: number, fill: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${fill}"/>`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
