namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>live.dashboard</c>: the page of a run that goes on.</summary>
public sealed record DashboardSettings
{
    /// <summary>The address where none is given: this machine alone.</summary>
    public const string DefaultAddress = "127.0.0.1";

    /// <summary>Whether there is a page. Default false.</summary>
    public bool Enabled { get; init; }

    /// <summary>The port, 0 for any that is free; null, the default, for the first free one from 8642 on.</summary>
    public int? Port { get; init; }

    /// <summary>The IP address to listen on. Default <see cref="DefaultAddress"/>.</summary>
    public string Address { get; init; } = DefaultAddress;

    /// <summary>The file whose first line is the token; empty, the default, for none.</summary>
    public string TokenFile { get; init; } = "";
}
