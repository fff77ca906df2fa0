namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>live</c>: who may look at a run while it goes on. Default: nobody.</summary>
/// <param name="Dashboard">The page.</param>
/// <param name="Otlp">The export of the same figures.</param>
public sealed record LiveSettings(DashboardSettings Dashboard, OtlpSettings Otlp)
{
    /// <summary>Nobody.</summary>
    public LiveSettings()
        : this(new DashboardSettings(), new OtlpSettings())
    {
    }
}
