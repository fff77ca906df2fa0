using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using CaffeActors.Cli.AzureDevOps;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>The program's command line: finds the commands, parses, runs, and turns failures into lines and exit
/// codes.</summary>
internal static class CommandLine
{
    // What the commands that only hold others are for.
    private static readonly Dictionary<string, string> _groups = new()
    {
        ["cluster"] = "Look at a run on several machines.",
        ["config"] = "Look at a run configuration.",
        ["convert"] = "Make a database of images.",
        ["db"] = "Look into a database, check or copy it.",
        ["export"] = "Write nets and weights for other programs.",
        ["metrics"] = "Look at what runs measured.",
        ["model"] = "Get a model of the Model Zoo.",
        ["net"] = "Look at a net, or run it.",
    };

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Show where in the program an error arose.",
        Recursive = true,
    };

    /// <summary>All commands, in the order of their words.</summary>
    public static IReadOnlyList<(VerbAttribute Verb, Type Type)> Verbs { get; } =
    [
        .. typeof(CommandLine).Assembly.GetTypes()
            .Select(type => (Verb: type.GetCustomAttribute<VerbAttribute>(), Type: type))
            .Where(entry => entry.Verb is not null)
            .Select(entry => (entry.Verb!, entry.Type))
            .OrderBy(entry => entry.Item1.Path, StringComparer.Ordinal),
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        RootCommand root = Build(terminal);
        ParseResult parsed = root.Parse(Gflags.Switches(Gflags.Normalize(args), root));
        if (UsageErrors.Of(parsed) is { } error)
        {
            Write(new CaffeException(ErrorCodes.Usage, FailureKind.Configuration, error), terminal);
            terminal.Error.WriteLine($"Try '{UsageErrors.NameOf(parsed.CommandResult.Command)} --help'.");
            return ExitCodes.Configuration;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // The commands hear signals themselves: a run ends in order, in its own time.
                ProcessTerminationTimeout = null,
                Output = terminal.Out,
                Error = terminal.Error,
            });
        }
        catch (CaffeException failure)
        {
            return Tell(failure, parsed, terminal);
        }
#pragma warning disable CA1031 // The last resort: a fault of our own is told as such.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return Tell(new CaffeException(
                ErrorCodes.Internal, FailureKind.Internal, $"{fault.GetType().Name}: {fault.Message}", null, fault),
                parsed, terminal);
        }
    }

    /// <summary>Prints a failure's line.</summary>
    /// <returns>Its exit code.</returns>
    public static int Tell(CaffeException failure, ParseResult arguments, Terminal terminal)
    {
        Write(failure, terminal);
        if (arguments.GetValue(Verbose))
            terminal.Error.WriteLine(failure);
        else if (failure.Kind == FailureKind.Internal)
            terminal.Error.WriteLine("This is a fault of the program; --verbose shows where it arose.");
        return ExitCodes.Of(failure.Kind);
    }

    private static void Write(CaffeException failure, Terminal terminal)
    {
        terminal.Error.WriteLine(failure.ToDiagnostic());
        if (terminal.InAzurePipelines)
            terminal.Commands.WriteLine(LoggingCommand.Failure(failure));
    }

    /// <summary>Makes all commands and their flags.</summary>
    internal static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand("Trains deep convolutional nets as Caffe does, as actors.") { Verbose };
        foreach ((VerbAttribute verb, Type type) in Verbs)
        {
            Command parent = root;
            string[] words = verb.Path.Split(' ');
            foreach (string word in words[..^1])
                parent = Group(parent, word);
            Command command = Group(parent, words[^1]);
            command.Description = verb.Description;
            var instance = (VerbCommand)Activator.CreateInstance(type)!;
            instance.Define(command);
            command.SetAction((arguments, _) => instance.RunAsync(arguments, terminal));
        }

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpPage((HelpAction)help.Action!);
        return root;
    }

    private static Command Group(Command parent, string word)
    {
        Command? known = parent.Subcommands.FirstOrDefault(command => command.Name == word);
        if (known is not null)
            return known;
        var group = new Command(word, _groups.GetValueOrDefault(word));
        parent.Subcommands.Add(group);
        return group;
    }
}
