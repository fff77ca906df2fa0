namespace CaffeActors.Cli;

/// <summary>The forms of a result.</summary>
internal enum ResultForm
{
    /// <summary>A table for people.</summary>
    Table,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>Values separated by commas.</summary>
    Csv,
}
