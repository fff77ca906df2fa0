using System.CommandLine;
using System.Globalization;
using System.Net;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>The flags of a run's dashboard.</summary>
internal sealed class LiveOptions
{
    private readonly Option<string?> _dashboard = new("--dashboard")
    {
        Description = "Serve a page of the run while it goes on, at http://127.0.0.1:PORT; default the first free port "
            + "of 8642 to 8661, 0 for any.",
        HelpName = "PORT",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _address = new("--dashboard-address")
    {
        Description = "IP address for the page, as 0.0.0.0; one that other machines reach needs a token, which the log "
            + "tells.",
        HelpName = "ADDRESS",
    };

    /// <summary>The options, for a command to take.</summary>
    public IReadOnlyList<Option> All => [_dashboard, _address];

    /// <summary>The configuration with what the flags say.</summary>
    /// <exception cref="CaffeException">A flag's value is no port or no address.</exception>
    public LiveSettings Over(LiveSettings settings, ParseResult arguments)
    {
        DashboardSettings dashboard = settings.Dashboard;
        if (arguments.GetResult(_dashboard) is not null)
            dashboard = dashboard with { Enabled = true };
        if (arguments.GetValue(_dashboard) is { } port)
            dashboard = dashboard with { Port = PortOf(port) };
        if (arguments.GetValue(_address) is { } address)
        {
            dashboard = IPAddress.TryParse(address, out _) ? dashboard with { Enabled = true, Address = address }
                : throw Usage($"{_address.Name} is an IP address, such as 127.0.0.1 or 0.0.0.0, not '{address}'");
        }

        return settings with { Dashboard = dashboard };
    }

    private int PortOf(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port
            : throw Usage($"{_dashboard.Name} takes a port, 0 to 65535, not '{text}'; without one it stands behind "
                + "the configuration: train CONFIG --dashboard");

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
