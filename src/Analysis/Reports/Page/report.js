// The report's own: its charts, all at once.
for (const chart of JSON.parse(document.getElementById('charts').textContent)) addChart(chart);
drawAll();
