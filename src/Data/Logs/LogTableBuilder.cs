namespace CaffeActors.Data.Logs;

/// <summary>
/// Gathers output lines into rows. The first row is closed by the next iteration's first output, every later one as
/// soon as it has as many values as the first (or by the next iteration); a row still open at the end is dropped.
/// An output seen twice in a row keeps its place and takes the later value.
/// </summary>
internal sealed class LogTableBuilder
{
    private readonly List<LogRow> _rows = [];
    private readonly List<KeyValuePair<string, double>> _outputs = [];
    private LogRow? _open;

    /// <summary>Adds an output line.</summary>
    public void Add(double iteration, double seconds, double learningRate, string name, double value)
    {
        if (_open is not null && _open.Iteration != iteration)
            Close();
        _open ??= new(iteration, seconds, learningRate, []);
        int place = _outputs.FindIndex(output => output.Key == name);
        if (place < 0)
            _outputs.Add(new(name, value));
        else
            _outputs[place] = new(name, value);
        if (_rows.Count > 0 && _outputs.Count == _rows[0].Outputs.Count)
            Close();
    }

    /// <summary>The rows so far. The first one's rate, which a log tells only after its outputs, is the next
    /// one's.</summary>
    public LogTable ToTable() => new(_rows.Count > 1
        ? [_rows[0] with { LearningRate = _rows[1].LearningRate }, .. _rows.Skip(1)]
        : [.. _rows]);

    private void Close()
    {
        _rows.Add(_open! with { Outputs = [.. _outputs] });
        _outputs.Clear();
        _open = null;
    }
}
