using System.Text;

namespace CaffeActors.Cli.Rendering;

/// <summary>
/// A console whose last lines are a live block: text written goes above it, line by line, and the block is drawn
/// again below. Thread-safe.
/// </summary>
internal sealed class LiveConsole(TextWriter console) : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();
    private string[] _block = [];

    /// <inheritdoc/>
    public override Encoding Encoding => console.Encoding;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        lock (_lock)
        {
            if (value == '\n')
                Flush(_line.ToString());
            else if (value != '\r')
                _line.Append(value);
        }
    }

    /// <inheritdoc/>
    public override void WriteLine(string? value)
    {
        lock (_lock)
            Flush(_line.Append(value).ToString());
    }

    /// <summary>Replaces the live block; no lines removes it.</summary>
    public void Draw(params string[] lines)
    {
        lock (_lock)
        {
            Erase();
            _block = lines;
            Redraw();
        }
    }

    private void Flush(string line)
    {
        _line.Clear();
        Erase();
        console.Write(line + "\n");
        Redraw();
    }

    private void Erase()
    {
        // Up to the block's first line, and clear from there to the end of the screen.
        if (_block.Length > 0)
            console.Write($"\u001b[{_block.Length}A\r\u001b[J");
    }

    private void Redraw()
    {
        foreach (string line in _block)
            console.Write(line + "\n");
        console.Flush();
    }
}
