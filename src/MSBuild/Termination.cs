using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CaffeActors.MSBuild;

/// <summary>Ends the program: in order where there are signals, at once where not.</summary>
internal static class Termination
{
    private const int SigTerm = 15;

    /// <summary>
    /// Asks for the end with a snapshot. SIGTERM and not SIGINT: Ctrl-C at a terminal has sent that to the program
    /// already, and a second one would end it without a snapshot.
    /// </summary>
    /// <returns>Whether it could be asked.</returns>
    public static bool Ask(Process process)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return false;
        try
        {
            return SendSignal(process.Id, SigTerm) == 0;
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    /// <summary>Ends it now; its last snapshot stands.</summary>
    public static void Force(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
